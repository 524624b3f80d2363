export { compileTemplate, type RenderOptions, type Template } from './template.ts'
