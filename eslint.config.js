import rxjsX from 'eslint-plugin-rxjs-x'
import tseslint from 'typescript-eslint'

const finnish = {
  functions: false,
  methods: false,
  strict: false,
  properties: false,
  names: { Selector$: false, '^(watch|begin)$': false },
}

export default tseslint.config(
  { ignores: ['dist', 'node_modules', 'scripts/bench/results', 'docs'] },
  {
    files: ['lib/**/*.ts', 'spec/**/*.ts', 'examples/**/*.ts'],
    extends: [
      tseslint.configs.strictTypeChecked,
      tseslint.configs.stylisticTypeChecked,
      rxjsX.configs.strict,
    ],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-non-null-assertion': 'error',
      'rxjs-x/finnish': ['error', finnish],
      'rxjs-x/no-ignored-error': 'error',
      'no-console': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
    },
  },
  {
    // The one place that builds on RxJS's own Subscriber, so that no other file has to.
    files: ['lib/operators/link.ts'],
    rules: { 'rxjs-x/no-subclass': 'off', '@typescript-eslint/no-deprecated': 'off' },
  },
  {
    files: ['spec/**/*.ts'],
    rules: {
      // chai's property assertions are expressions.
      '@typescript-eslint/no-unused-expressions': 'off',
      'rxjs-x/finnish': ['error', { ...finnish, parameters: false }], // the scheduler's `hot` and `cold`
      '@typescript-eslint/unbound-method': 'off', // expect.fail
      '@typescript-eslint/no-misused-spread': 'off', // marbles are ASCII
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
)
