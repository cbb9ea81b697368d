import { fold } from '../../../fold.ts'

/** Words that tell nothing about a text, folded. Portuguese, and the commonest of English for datasheets. */
export const stopWords: ReadonlySet<string> = new Set(
  `a o as os um uma uns umas ao aos à às de do da dos das em no na nos nas num numa por pelo pela pelos pelas para pra com sem sob sobre entre ate
  apos ante desde e ou mas nem que se como quando onde porque pois porem contudo todavia tambem ja ainda so somente mais menos muito muita muitos
  muitas pouco todo toda todos todas outro outra outros outras mesmo mesma mesmos mesmas tal tais cada qualquer quaisquer algum alguma alguns
  algumas nenhum nenhuma este esta estes estas esse essa esses essas aquele aquela aqueles aquelas isto isso aquilo ele ela eles elas lhe lhes seu
  sua seus suas meu minha meus minhas nosso nossa eu voce voces nos me te ser sera serao sido sendo foi foram era eram e sao esta estao estar seja
  sejam ter tem ha havera houver tinha tenha deve devem deverao devera pode podem podera poderao qual quais quem cujo cuja cujos cujas nao sim the
  of and or to in on at for by is are was be with from as it its this that an what which how does do n no nr`
    .split(/\s+/)
    .map(fold),
)
