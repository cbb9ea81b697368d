/** What a character does in a formula. */
export type Role =
  | 'letter'
  | 'digit'
  | 'relation'
  | 'binary'
  | 'open'
  | 'close'
  | 'fence'
  | 'big'
  | 'root'
  | 'accent'
  | 'mark'
  | 'unknown'

/** A character: its LaTeX and what it does. */
export interface Symbol {
  latex: string
  role: Role
}

const known = new Map<string, Symbol>()

function add(role: Role, pairs: string): void {
  for (const pair of pairs.trim().split(/\s+/)) {
    const [char = ''] = pair
    const latex = pair.slice(char.length + 1)
    known.set(char, { latex: latex === '' ? char : latex, role })
  }
}

add(
  'letter',
  'α=\\alpha β=\\beta γ=\\gamma δ=\\delta ε=\\varepsilon ϵ=\\epsilon ζ=\\zeta η=\\eta θ=\\theta ϑ=\\vartheta ι=\\iota κ=\\kappa λ=\\lambda μ=\\mu ' +
    'µ=\\mu ν=\\nu ξ=\\xi π=\\pi ϖ=\\varpi ρ=\\rho ϱ=\\varrho σ=\\sigma ς=\\varsigma τ=\\tau υ=\\upsilon φ=\\varphi ϕ=\\phi χ=\\chi ' +
    'ψ=\\psi ω=\\omega Γ=\\Gamma Δ=\\Delta ∆=\\Delta Θ=\\Theta Λ=\\Lambda Ξ=\\Xi Π=\\Pi Σ=\\Sigma ϒ=\\Upsilon Υ=\\Upsilon Φ=\\Phi Ψ=\\Psi Ω=\\Omega ' +
    'Ω=\\Omega ∂=\\partial ∇=\\nabla ℓ=\\ell ℏ=\\hbar ℜ=\\Re ℑ=\\Im ℵ=\\aleph ∞=\\infty ∅=\\emptyset ı=\\imath ȷ=\\jmath ' +
    'Α=A Β=B Ε=E Ζ=Z Η=H Ι=I Κ=K Μ=M Ν=N Ο=O Ρ=P Τ=T Χ=X ο=o ℝ=\\mathbb{R} ℕ=\\mathbb{N} ℤ=\\mathbb{Z} ℚ=\\mathbb{Q} ℂ=\\mathbb{C} K=K Å=\\text{Å}',
)
add(
  'relation',
  '== <=< >=> ≤=\\leq ≥=\\geq ⩽=\\leq ⩾=\\geq ≪=\\ll ≫=\\gg ≠=\\neq ≈=\\approx ≅=\\cong ≡=\\equiv ∼=\\sim ≃=\\simeq ∝=\\propto ∈=\\in ∉=\\notin ∋=\\ni ' +
    '⊂=\\subset ⊆=\\subseteq ⊃=\\supset ⊇=\\supseteq →=\\to ←=\\leftarrow ↔=\\leftrightarrow ⇒=\\Rightarrow ⇐=\\Leftarrow ⇔=\\Leftrightarrow ' +
    '↑=\\uparrow ↓=\\downarrow ↦=\\mapsto ⟶=\\to ⊥=\\perp ∥=\\parallel ≜=\\triangleq ≐=\\doteq ≔=:=',
)
add(
  'binary',
  '+=+ -=- −=- –=- ‐=- ‒=- ±=\\pm ∓=\\mp ×=\\times ✕=\\times ÷=\\div ·=\\cdot ⋅=\\cdot ∙=\\cdot •=\\bullet ∗=* *=* ∘=\\circ ⊕=\\oplus ⊗=\\otimes ' +
    '∧=\\wedge ∨=\\vee ∩=\\cap ∪=\\cup /=/ ⁄=/ ∕=/ ∖=\\setminus \\=\\backslash ¬=\\neg',
)
add('open', '(=( [=[ {=\\{ ⟨=\\langle 〈=\\langle ⌈=\\lceil ⌊=\\lfloor')
add('close', ')=) ]=] }=\\} ⟩=\\rangle 〉=\\rangle ⌉=\\rceil ⌋=\\rfloor')
add('fence', '|=| ∣=| ‖=\\| ⏐=|')
add(
  'big',
  '∑=\\sum ∏=\\prod ∐=\\coprod ⋀=\\bigwedge ⋁=\\bigvee ∫=\\int ∬=\\iint ∭=\\iiint ∮=\\oint ⋃=\\bigcup ⋂=\\bigcap ⨁=\\bigoplus ⨂=\\bigotimes',
)
add('root', '√=\\sqrt')
add(
  'accent',
  'ˆ=\\hat ̂=\\hat ^=\\hat ˜=\\tilde ̃=\\tilde ~=\\tilde ¯=\\bar ˉ=\\bar ̄=\\bar ‾=\\bar ̅=\\bar ˙=\\dot ̇=\\dot ¨=\\ddot ̈=\\ddot ´=\\acute ˊ=\\acute ́=\\acute ' +
    '`=\\grave ˋ=\\grave ̀=\\grave ˇ=\\check ̌=\\check ˘=\\breve ̆=\\breve ⃗=\\vec ̸=\\not ¸=\\c',
)
add(
  'mark',
  "%=\\% :=: ∶=: ‰=\\text{‰} ,=, ;=; .=. !=! ?=? '=' ′=' ’=' ″='' \"='' …=\\ldots ⋯=\\cdots ⋮=\\vdots ⋱=\\ddots °=^{\\circ} º=^{\\circ} &=\\& $=\\$ #=\\# _=\\_ " +
    '∀=\\forall ∃=\\exists ∠=\\angle ∴=\\therefore ²=^{2} ³=^{3} ¹=^{1} ½=\\frac{1}{2} ¼=\\frac{1}{4} ¾=\\frac{3}{4} ª=^{a} @=@ €=\\text{€} ℃=^{\\circ}C',
)

// signs of units that look like Greek letters
for (const [sign, latex] of [
  ['\u2126', '\\Omega'],
  ['\u2206', '\\Delta'],
  ['\u00b5', '\\mu'],
  ['\u212a', 'K'],
  ['ℎ', 'h'],
  ['ℒ', '\\mathcal{L}'],
  ['ℱ', '\\mathcal{F}'],
] as const)
  known.set(sign, { latex, role: 'letter' })

/** Accents of text, as marks that join with the letter under them. */
export const combining = new Map([
  ['\\acute', '\u0301'],
  ['\\grave', '\u0300'],
  ['\\hat', '\u0302'],
  ['\\tilde', '\u0303'],
  ['\\ddot', '\u0308'],
  ['\\c', '\u0327'],
])

const letter = /^\p{L}$/u

/** What a character is in a formula. Letters and digits stand for themselves. */
export function symbolOf(text: string): Symbol {
  const found = known.get(text)
  if (found !== undefined) return found
  if (/^[0-9]$/.test(text)) return { latex: text, role: 'digit' }
  if (letter.test(text)) return { latex: text.charCodeAt(0) < 0x80 ? text : `\\text{${text}}`, role: 'letter' }
  if (/^[\p{L}\p{M}]+$/u.test(text)) return { latex: `\\text{${text}}`, role: 'letter' }
  return { latex: '', role: 'unknown' }
}

/** Names of functions that LaTeX sets upright. */
export const functions = new Set(
  'sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh log ln exp lim max min sup inf arg det dim gcd mod Pr'.split(
    ' ',
  ),
)

/** Those that take their limits under them. */
export const limitWords = new Set(['lim', 'max', 'min', 'sup', 'inf'])

/** The LaTeX of a function's name; Portuguese ones have no command of their own. */
export const functionName = (word: string): string =>
  word === 'mod' ? '\\operatorname{mod}' : functions.has(word) ? `\\${word}` : `\\operatorname{${word}}`
