// Preloaded into a process whose memory is measured: SIGWINCH, which ends nothing, has it collect its garbage, so that what it keeps is seen.
const v8 = require('node:v8')
const vm = require('node:vm')

v8.setFlagsFromString('--expose-gc')
const collect = vm.runInNewContext('gc')
process.on('SIGWINCH', () => collect())
