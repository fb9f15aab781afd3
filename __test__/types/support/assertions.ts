/** `true` when two types are the same, as the compiler compares them. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles when the types are the same. */
export function same<A, B>(..._proof: Same<A, B> extends true ? [] : [never]): void {}
