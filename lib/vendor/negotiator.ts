export { default as Negotiator } from 'negotiator'
