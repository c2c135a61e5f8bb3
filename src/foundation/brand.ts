declare const brand: unique symbol;

/**
 * A nominal type: a `Base` that can't be swapped by mistake for another `Base` with a different `Name`.
 * Costs nothing at run time.
 */
export type Brand<Base, Name extends string> = Base & { readonly [brand]: Name };
