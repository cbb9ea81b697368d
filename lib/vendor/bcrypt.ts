export { compare, hashSync } from 'bcryptjs'
