/** The kinds of links that only the virtual machine's kernel has, by the same table. */
import "./kinds.test.ts";
