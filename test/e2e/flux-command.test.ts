import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { text } from "node:stream/consumers";
import { after, before, describe, test } from "node:test";
import { projectRoot } from "../../services/local/project-root.ts";
import { shardKeys } from "../../services/shared/buffer-keys.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { type ServiceProcess, spawnService } from "../support/service.ts";
import { writeRequestBody } from "../support/write-request.ts";

const KEY = "self-key-of-the-test";
/** What `npm run flux` runs. */
const MAIN = join(projectRoot(import.meta.url), "dist/services/command/flux.js");

async function flux(args: readonly string[], stdin: string, env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [MAIN, ...args], { env: { PATH: process.env["PATH"], ...env } });
  child.stdin.end(stdin);
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code, stdout, stderr };
}

describe("the compiled flux", () => {
  let server: RedisServer;
  let service: ServiceProcess;

  before(async () => {
    server = await startRedis();
    service = await spawnService("flux", { REDIS_URL: server.url, FLUX_SELF_API_KEY: KEY }, { main: MAIN });
  });
  after(async () => {
    await service?.stop();
    await server?.stop();
  });

  test("without a command is the service, and `inspect` shows what it has stored", async () => {
    const labelSets = ["a", "b"].map((pod) => ({ __name__: "up", job: "node", pod }));
    const { status, headers } = await fetch(`${service.intakeUrl}/prometheus/write`, {
      method: "POST",
      headers: { key: KEY, "x-tenant-id": "acme", "x-server-id": "1", dropLabels: "pod", "content-encoding": "snappy" },
      body: new Uint8Array(
        writeRequestBody(labelSets.map((labels, i) => ({ labels, samples: [{ timestampMs: i, value: 42.5 }] }))),
      ),
    });
    const name = 'up{_tenant_id="acme",_server_id="1",job="node"}';
    assert.equal(status, 204);
    assert.ok(headers.get("x-flux-warning")?.endsWith(`the first: ${name}`));
    const { code, stdout } = await flux(["inspect", "--redis", server.url, "--key", shardKeys("", 0).blocks], "");
    assert.equal(code, 0);
    assert.ok(stdout.endsWith(`1970-01-01T00:00:00.001Z  42.5  ${name}\n`), stdout);
  });

  test("says what the rules do with series from a pipe", async () => {
    const { code, stdout, stderr } = await flux(["check-rules", "--tenant", "acme"], 'go_gc 1\nup{job="node"} 1\n', {
      DROP_METRICS: '["^go_"]',
    });
    assert.deepEqual([code, stderr], [1, ""]);
    assert.match(stdout, /^drop +go_gc\{_tenant_id="acme".*\n +by "\^go_" in DROP_METRICS of the settings\nkeep +up\{/);
  });

  test("refuses what it does not know", async () => {
    const { code, stderr } = await flux(["nonsense"], "");
    assert.equal(code, 2);
    assert.match(stderr, /no command "nonsense"/);
  });
});
