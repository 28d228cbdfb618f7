/*
 * Clients of InfluxDB 1.x ask for databases and create them before they write. Here a database is but a word in the
 * request: every one is there already, and nothing can be read.
 */

/** The result of a statement of InfluxQL, as far as clients that write need one. @param database the argument `db`. */
export function influxQueryResult(statement: string, database: string): object {
  if (/^\s*show\s+databases\b/i.test(statement)) {
    const values = database === "" ? {} : { values: [[database]] };
    return { results: [{ statement_id: 0, series: [{ name: "databases", columns: ["name"], ...values }] }] };
  }
  return { results: /^\s*create\s+database\b/i.test(statement) ? [{ statement_id: 0 }] : [] };
}
