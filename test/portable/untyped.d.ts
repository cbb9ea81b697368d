// Packages without types, as far as the tests use them.
declare module 'asl-validator' {
  export default function validate(definition: object): { isValid: boolean; errors: unknown[] }
}
declare module '@wmfs/statelint' {
  const statelint: { StateLint: new () => { validate(definition: object): string[] } }
  export default statelint
}
