import tseslint from "typescript-eslint";

export default [
  { ignores: ["test-results/"] },
  ...tseslint.configs.recommended,
  {
    rules: {
      "@typescript-eslint/consistent-type-imports": "error",
      complexity: ["error", 15],
      "max-lines-per-function": ["error", { max: 70, skipComments: true }],
      "no-console": "error",
      // Playwright reads a fixture's needs off an empty pattern.
      "no-empty-pattern": "off",
    },
  },
];
