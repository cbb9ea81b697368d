// The package's own types bring the DOM's into the compilation.
declare module '@cdktn/hcl2json' {
  export function parse(file: string, text: string): Promise<import('./terraform.ts').Hcl>
}
