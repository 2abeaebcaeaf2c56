import reactHooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

/** The rules of the pages. */
const rules = [
  ...tseslint.configs.recommended,
  {
    rules: {
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-non-null-assertion": "error",
      complexity: ["error", 15],
      eqeqeq: "error",
      "max-lines": ["error", 600],
      "max-lines-per-function": ["error", { max: 70, skipComments: true }],
      "no-console": "error",
      "no-param-reassign": "error",
      "prefer-const": "error",
    },
  },
];

export default [
  { ignores: ["dist/", "src/api/generated.ts"] },
  ...rules,
  {
    plugins: { "react-hooks": reactHooks },
    rules: {
      "react-hooks/exhaustive-deps": "error",
      "react-hooks/rules-of-hooks": "error",
      // Markup comes from Preact alone: text set as HTML would be a way in.
      "no-restricted-syntax": ["error", "JSXAttribute[name.name='dangerouslySetInnerHTML']"],
    },
  },
];
