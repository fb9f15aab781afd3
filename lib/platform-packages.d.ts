// Packages of platforms other than this machine's are absent, and none declares types: each exports the addon.
declare module 'lazy-layers-cache-*';
