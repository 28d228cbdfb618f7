// Biome does the rest; these three rules need type information that it does not have.
import tseslint from "typescript-eslint";

const testFunctions = ["test", "it", "describe", "suite"];

export default [
  { ignores: ["dist/**", "node_modules/**", "data/**", ".parts/**", "services/kernel/assembly/**"] },
  {
    files: ["**/*.ts"],
    languageOptions: { parser: tseslint.parser, parserOptions: { projectService: true } },
    plugins: { "@typescript-eslint": tseslint.plugin },
    rules: {
      "@typescript-eslint/no-floating-promises": [
        "error",
        { allowForKnownSafeCalls: [{ from: "package", package: "node:test", name: testFunctions }] },
      ],
      "@typescript-eslint/no-misused-promises": "error",
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
    },
  },
];
