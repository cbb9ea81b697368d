export { default as DataLoader } from 'dataloader'
export * from 'graphql'
export { createHandler } from 'graphql-http'
export { handleProtocols, makeServer } from 'graphql-ws'
