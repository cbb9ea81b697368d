// The few members of the standard WebAssembly API that we use: TypeScript ships them only with its browser library.
declare namespace WebAssembly {
  type Exports = Record<string, unknown>
  class Memory {
    readonly buffer: ArrayBuffer
  }
  class Module {
    constructor(bytes: Uint8Array)
  }
  class Instance {
    constructor(module: Module, imports: Record<string, Record<string, unknown>>)
    readonly exports: Exports
  }
}
