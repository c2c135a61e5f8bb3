/** The command line of `keys`. */
export interface KeysOptions {
  readonly file?: string;
  readonly json?: true;
}

/** The command line of `keys check`. */
export interface KeyCheckOptions extends KeysOptions {
  readonly exchange?: string;
  readonly demo?: true;
  readonly url?: string;
}
