import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { withMergeWarning } from "../../../services/flux/http/merge-warning.ts";
import { encodeRecord } from "../../../services/shared/registry-record.ts";
import { writeRequestBody } from "../../support/write-request.ts";
import { type Posted, recordingIntake } from "../support/post.ts";

const DROP_POD = { droplabels: "pod" } as const;
const JSON_TYPE = { "content-type": "application/json" } as const;

function remoteWrite(...labelSets: Record<string, string>[]): Posted {
  return {
    url: "/api/v1/write",
    headers: { "content-type": "application/x-protobuf", "content-encoding": "snappy", ...DROP_POD },
    payload: writeRequestBody(labelSets.map((labels) => ({ labels, samples: [{ timestampMs: 1, value: 1 }] }))),
  };
}

const pod = (name: string) => ({ __name__: "up", job: "a", pod: name });
const THREE_ITEMS = ["a", "b", "c"].map((name) => ({ metric: `up{pod="${name}"}`, timestamp: 1, value: 1 }));

describe("an answer to a request whose rules make series the same", () => {
  const cases: [what: string, posted: Posted, status: number, series: number][] = [
    ["that is stored", remoteWrite(pod("a"), pod("b"), pod("c"), { __name__: "other" }), 204, 2],
    ["that is refused in part", remoteWrite(pod("a"), pod("b"), { job: "no name" }), 400, 1],
    [
      "as JSON, refused in part",
      {
        url: "/prometheus/write",
        headers: { ...JSON_TYPE, ...DROP_POD },
        payload: JSON.stringify({ metrics: [...THREE_ITEMS, {}] }),
      },
      207,
      2,
    ],
    [
      "as line protocol",
      { url: "/write", headers: DROP_POD, payload: "up,pod=a value=1 1\nup,pod=b value=1 1\nup,pod=b value=2 2" },
      204,
      1,
    ],
  ];
  for (const [what, posted, status, series] of cases) {
    test(`${what} warns of it`, async () => {
      const answer = await recordingIntake().post(posted);
      assert.equal(answer.status, status, answer.text);
      const warning = String(answer.headers["x-flux-warning"]);
      assert.match(warning, new RegExp(`^dropLabels makes ${series} series .* the first: up\\{_tenant_id="acme"`));
    });
  }

  test("warns every time; the metric counts a label set once", async () => {
    const { post, counted } = recordingIntake();
    for (let i = 0; i < 2; i++) {
      const { headers } = await post(remoteWrite(pod("a"), pod("b")));
      assert.match(String(headers["x-flux-warning"]), /^dropLabels makes 1 series/);
    }
    assert.ok((await counted()).includes('flux_series_merged_total{tenant="acme"} 1'));
  });
});

test("an answer does not warn where no two series became the same", async () => {
  const { headers } = await recordingIntake().post(remoteWrite(pod("a"), pod("a"), { __name__: "other", pod: "b" }));
  assert.equal(headers["x-flux-warning"], undefined);
});

describe("the warning's name of a series", () => {
  const warningOf = (value: string) => {
    const labels = [
      { name: "__name__", value: "m" },
      { name: "a", value },
    ];
    const merges = { labelSets: 1, firstRecord: encodeRecord(labels, "unknown") };
    return withMergeWarning({ status: 204, headers: { kept: "yes" } }, { merges }).headers;
  };
  const rows: [value: string, want: string][] = [
    ["plain", 'm{a="plain"}'],
    ["100% é\r\n\u0000😀", 'm{a="100%25 %C3%A9%0D\\n%00%F0%9F%98%80"}'],
  ];
  for (const [value, want] of rows) {
    test(`${JSON.stringify(value)} is written as ${want}`, () => {
      const headers = warningOf(value);
      assert.ok(headers["x-flux-warning"]?.endsWith(`the first: ${want}`), headers["x-flux-warning"]);
      assert.equal(headers["kept"], "yes");
    });
  }

  test("is cut, never inside an escape", () => {
    const warning = warningOf("é".repeat(1000))["x-flux-warning"] ?? "";
    assert.ok(warning.length < 450, `${warning.length} characters`);
    assert.match(warning, /(%C3%A9)+\.\.\.$/);
  });
});
