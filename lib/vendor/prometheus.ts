export { Counter, Gauge, Histogram, Registry, type RegistryContentType } from 'prom-client'
