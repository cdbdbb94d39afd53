/** Next knows what a style is; this repository's compiler, which checks the example too, does not. */
declare module '*.css'
