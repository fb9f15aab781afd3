/** A program that imports a package, and says how many milliseconds that took. */
const began = performance.now();
await import(process.argv[2]);
console.log(performance.now() - began);
