// Types alone: importing it is allowed and gives nothing.
export {};
