export { default as jsonata } from 'jsonata'
