/** A recipe as the form lists it. */
export interface RecipeEntry {
  recipe: string
  title: string
  titleEn: string
  pages: { page: string; url: string }[]
  datasets: string[]
}
