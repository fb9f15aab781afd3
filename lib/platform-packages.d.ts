// Packages of platforms other than this machine's are absent, and none declares types: what they give is the addon.
declare module 'lazy-layers-cache-*';
