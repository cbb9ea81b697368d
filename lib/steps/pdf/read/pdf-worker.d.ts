// The parsing half of pdf.js, which has no types of its own: the way in that a browser's worker uses.
declare module 'pdfjs-dist/legacy/build/pdf.worker.mjs' {
  export const WorkerMessageHandler: { initializeFromPort(port: object): void }
}
