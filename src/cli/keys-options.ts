/** The command line of `keys`. */
export interface KeysOptions {
  readonly file?: string;
  readonly json?: true;
}
