export declare class PrepareProblem extends Error {}
export declare function nodeFault(version: string): string | undefined;
export declare function ensureDependencies(root: string, log: (line: string) => void): Promise<void>;
export declare function dependenciesAreMissing(root: string): boolean;
export declare function ensureBuild(root: string, log: (line: string) => void): Promise<void>;
export declare function buildIsStale(root: string): boolean;
