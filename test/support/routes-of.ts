import assert from "node:assert/strict";
import type { FastifyInstance } from "fastify";

/** A route as it was added: its method, and its path with `:name` where a parameter stands. */
export interface Route {
  readonly method: string;
  readonly path: string;
}

/** Every route that an application has, one for each method, as Fastify itself tells them. */
export async function routesOf(app: FastifyInstance): Promise<Route[]> {
  await app.ready();
  const lines = app.printRoutes({ commonPrefix: false }).split("\n").filter(Boolean);
  return lines.flatMap((line) => {
    const [, path = "", methods = ""] = /^[├└]── (\S+) \(([A-Z, ]+)\)$/.exec(line) ?? assert.fail(`no route: ${line}`);
    return methods.split(", ").map((method) => ({ method, path }));
  });
}
