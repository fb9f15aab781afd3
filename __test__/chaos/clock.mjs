// One clock for all processes of a machine, in milliseconds: on Linux its zero is the same for all.
export const now = () => Number(process.hrtime.bigint() / 1000n) / 1000;
