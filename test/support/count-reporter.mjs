/**
 * A reporter for node's test runner that writes one JSON line for each test: what it is called, where it is, how it
 * ended. Suites are left out: their tests count. `test/run.mjs` reads the lines.
 */
// biome-ignore lint/style/noDefaultExport: node's runner takes a reporter as a default export
export default async function* countReporter(events) {
  for await (const { type, data } of events) {
    if (type !== "test:pass" && type !== "test:fail") {
      continue;
    }
    const failedItself = type === "test:fail" && data.details?.error?.failureType !== "subtestsFailed";
    if (data.details?.type === "suite" && !failedItself) {
      continue;
    }
    yield `${JSON.stringify({ name: data.name, file: data.file, outcome: outcomeOf(type, data) })}\n`;
  }
}

function outcomeOf(type, { name, file, skip, todo }) {
  if (skip !== undefined) {
    return "skipped";
  }
  if (todo !== undefined) {
    return "todo";
  }
  if (type === "test:pass" && name === file) {
    // Node reports a file that holds no test at all as one that passed.
    return "no tests";
  }
  return type === "test:pass" ? "passed" : "failed";
}
