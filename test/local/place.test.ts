import assert from "node:assert/strict";
import { test } from "node:test";
import { placeOf, portWishes, serviceEnvironment } from "../../services/local/place.ts";
import { type Settings, settingsSchema } from "../../settings/schema.ts";

const PORTS = new Map([
  ["FLUX_PORT", 1],
  ["FLUX_ADMIN_PORT", 2],
  ["HORIZON_ADMIN_PORT", 3],
  ["LOCAL_REDIS_PORT", 4],
  ["LOCAL_VICTORIAMETRICS_PORT", 5],
]);

function settings(values: Partial<Settings> = {}): Settings {
  return settingsSchema.parse(values);
}

test("only the servers that are run need ports", () => {
  const names = (values: Partial<Settings>, demo: boolean) =>
    portWishes(settings(values), demo).map(({ setting }) => setting);
  const services = ["FLUX_PORT", "FLUX_ADMIN_PORT", "HORIZON_ADMIN_PORT"];
  assert.deepEqual(names({}, false), ["LOCAL_REDIS_PORT", "LOCAL_VICTORIAMETRICS_PORT", ...services]);
  assert.deepEqual(names({ REDIS_URL: "redis://db", VICTORIAMETRICS_URL: "http://vm" }, false), services);
  assert.deepEqual(names({ REDIS_URL: "redis://db", VICTORIAMETRICS_ENABLED: false }, true), [
    ...services,
    "LOCAL_PROMETHEUS_PORT",
    "LOCAL_NODE_EXPORTER_PORT",
  ]);
});

test("Flux and Horizon are told where the local stores are", () => {
  const place = placeOf(settings({ FLUX_HOST: "0.0.0.0" }), PORTS, "the-key!");
  assert.equal(place.fluxUrl, "http://127.0.0.1:1");
  assert.deepEqual(serviceEnvironment(place), {
    FLUX_SELF_API_KEY: "the-key!",
    REDIS_URL: "redis://127.0.0.1:4",
    VICTORIAMETRICS_URL: "http://127.0.0.1:5",
    FLUX_PORT: "1",
    FLUX_ADMIN_PORT: "2",
    HORIZON_ADMIN_PORT: "3",
  });
});

test("Flux and Horizon use the socket of the local Redis, and never instead of a Redis of the user's own", () => {
  const place = placeOf(settings(), PORTS, "the-key!", "/data/my redis.sock");
  assert.equal(serviceEnvironment(place)["REDIS_URL"], "unix:///data/my%20redis.sock");
  assert.equal(place.redisUrl, "redis://127.0.0.1:4");
  const own = placeOf(settings({ REDIS_URL: "redis://db" }), PORTS, "the-key!", "/data/redis.sock");
  assert.equal(serviceEnvironment(own)["REDIS_URL"], "redis://db");
});

test("stores of the user's own are passed on as they were given, and a store that is off is not mentioned", () => {
  const own = { REDIS_URL: "rediss://me:pw@db:1/2", VICTORIAMETRICS_URL: "https://vm/select" };
  const environment = serviceEnvironment(placeOf(settings(own), PORTS, "the-key!"));
  assert.equal(environment["REDIS_URL"], own.REDIS_URL);
  assert.equal(environment["VICTORIAMETRICS_URL"], own.VICTORIAMETRICS_URL);
  const off = serviceEnvironment(placeOf(settings({ VICTORIAMETRICS_ENABLED: false }), PORTS, "the-key!"));
  assert.ok(!("VICTORIAMETRICS_URL" in off));
});
