import assert from "node:assert/strict";
import { test } from "node:test";
import { moduleFilters } from "../../../services/horizon/reading/module-filters.ts";
import { parseSelector } from "../../../services/horizon/reading/selector.ts";

const table: [selector: string, tenants: "any" | string[], filters: string[] | undefined, isExact: boolean][] = [
  ["up", "any", ["__name__=up"], true],
  ["up", ["a"], ["_tenant_id=a", "__name__=up"], true],
  ["up", ["a", "b"], ["_tenant_id=(a,b)", "__name__=up"], true],
  ["{}", ["a"], ["_tenant_id=a"], true],
  ['{_tenant_id="b"}', ["a"], ["_tenant_id=a", "_tenant_id=b"], true],
  ['{a="x(1),2=%"}', "any", ["a=x%281%29%2C2%3D%25"], true],
  ['{a="encoding"}', "any", ["a=%65ncoding"], true],
  ['{a=~"x|y,z"}', "any", ["a=(x,y%2Cz)"], true],
  ['up{a!=""}', "any", ["__name__=up", "a!="], true],
  // What the module cannot be asked is left to us.
  ['up{a!="x"}', "any", ["__name__=up"], false],
  ['up{a=""}', "any", ["__name__=up"], false],
  ['up{a=~"x.*"}', "any", ["__name__=up"], false],
  ['up{a=~"x|"}', "any", ["__name__=up"], false],
  ['up{a!~"x"}', "any", ["__name__=up"], false],
  ['up{a="x\\x00y"}', "any", ["__name__=up"], false],
  ['up{"a!"="x"}', "any", ["__name__=up"], false],
  ['up{"a=b"="x"}', "any", ["__name__=up"], false],
  ['{"a"="x"}', "any", ["a=x"], true],
  // Without a value the module answers nothing.
  ["{}", "any", undefined, false],
  ['{a!=""}', "any", undefined, false],
  ['{a=~"x.*",b!="y"}', "any", undefined, false],
];

for (const [selector, tenants, filters, isExact] of table) {
  test(`${selector} for ${tenants} asks RedisTimeSeries for ${filters ?? "nothing"}`, () => {
    const parsed = parseSelector(selector);
    assert.ok(parsed.ok);
    const found = moduleFilters(parsed.selector, tenants === "any" ? "any" : new Set(tenants));
    assert.deepEqual(
      found?.filters.get().flatMap((filter) => filter.flatten()),
      filters,
    );
    assert.equal(found?.isExact ?? false, isExact);
  });
}
