/**
 * What a column holds, whichever the database:
 *
 * - `text`
 * - `whole`: a whole number within ±2⁵³: a time in milliseconds, a counter
 * - `float`: a float64, to the last bit
 * - `exact`: a fixed-point number as plain decimal text, to the last unit of 10⁻¹²
 * - `json`: JSON text, kept as it was written
 * - `bytes`: some megabytes at most
 */
export type ColumnKind = 'text' | 'whole' | 'float' | 'exact' | 'json' | 'bytes';

/** The same, or nothing. */
export type NullableKind = `${ColumnKind}?`;

/** The types by which a database keeps each kind of column, and what its tables end with. */
export interface ColumnTypes {
  readonly types: Readonly<Record<ColumnKind, string>>;
  readonly tableSuffix: string;
}

/** Strict tables: SQLite then refuses a value of another type instead of keeping it as it came. */
export const sqliteColumns: ColumnTypes = {
  types: { text: 'text', whole: 'integer', float: 'real', exact: 'text', json: 'text', bytes: 'blob' },
  tableSuffix: 'strict',
};

/** `json`, not `jsonb`: it keeps the text as it was written, and so every number. */
export const postgresColumns: ColumnTypes = {
  types: {
    text: 'text',
    whole: 'bigint',
    float: 'double precision',
    exact: 'numeric(38, 12)',
    json: 'json',
    bytes: 'bytea',
  },
  tableSuffix: '',
};
