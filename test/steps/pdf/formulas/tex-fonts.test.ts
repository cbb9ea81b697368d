import assert from 'node:assert/strict'
import { test } from 'node:test'
import { extensionCharacter, isTexExtension } from '../../../../lib/steps/pdf/read/tex-fonts.ts'

test("codes of TeX's extension fonts are the signs that are drawn", () => {
  const wanted: [number, string][] = [
    [0x00, '('],
    [0x10, '('],
    [0x13, ')'],
    [0x14, '['],
    [0x20, '('],
    [0x28, '{'],
    [0x30, '⎛'],
    [0x3e, '⎪'],
    [0x41, '⎠'],
    [0x50, '∑'],
    [0x52, '∫'],
    [0x58, '∑'],
    [0x59, '∏'],
    [0x5a, '∫'],
    [0x68, '['],
    [0x6e, '{'],
    [0x70, '√'],
    [0x73, '√'],
    [0x74, '⎷'],
  ]
  for (const [code, char] of wanted) assert.equal(extensionCharacter(code), char, code.toString(16))
  assert.equal(extensionCharacter(0x7a), undefined)
  assert.equal(extensionCharacter(0x80), undefined)
  assert.deepEqual(['CMEX10', 'CMEX9', 'CMR10', 'LMMathExtension10-Regular'].map(isTexExtension), [
    true,
    true,
    false,
    false,
  ])
})
