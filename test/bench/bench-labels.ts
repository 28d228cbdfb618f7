/** A label: its name and its value. */
export type LabelPair = readonly [name: string, value: string];

/** The ten labels of a series of the benchmarks, about 250 bytes, sorted by name. No two series have the same. */
export function benchLabels(series: number): LabelPair[] {
  const instance = series % 500;
  return [
    ["__name__", `node_network_transmit_bytes_${Math.floor(series / 2000)}`],
    ["cluster", "prod-eu"],
    ["container", `app-server-${series % 40}`],
    ["device", `eth${series % 4}`],
    ["env", "production"],
    ["instance", `10.20.${Math.floor(instance / 250)}.${instance % 250}:9100`],
    ["job", "kubelet"],
    ["namespace", `team-${Math.floor(series / 500) % 20}`],
    ["pod", `app-server-7d9c6b5f4-${series.toString(36).padStart(5, "0")}`],
    ["zone", `eu-west-1${"abc"[series % 3]}`],
  ];
}
