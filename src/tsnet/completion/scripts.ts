/** Each asks `tsnet complete SHELL WORD…` for what could stand there, so they need no change when words do. */
export const SCRIPTS = {
  bash: `# bash completion for tsnet: source <(tsnet completion bash)
_tsnet() {
  local IFS=$'\\n'
  COMPREPLY=($(tsnet complete bash "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _tsnet tsnet
`,
  zsh: `#compdef tsnet
# zsh completion for tsnet: tsnet completion zsh > "\${fpath[1]}/_tsnet"
_tsnet() {
  local -a found
  found=("\${(@f)$(tsnet complete zsh "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  found=("\${(@)found:#}")
  if (( \${#found} )); then _describe -t words tsnet found; else _files; fi
}
if [ "$funcstack[1]" = "_tsnet" ]; then _tsnet "$@"; else compdef _tsnet tsnet; fi
`,
  fish: `# fish completion for tsnet: tsnet completion fish > ~/.config/fish/completions/tsnet.fish
function __tsnet_complete
  tsnet complete fish (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null
end
complete -c tsnet -f -a '(__tsnet_complete)'
for option in conf-dir cni-path cache-dir data-dir bin-dir command-dir from
  complete -c tsnet -l $option -r -F
end
`,
} as const;

export type Shell = keyof typeof SCRIPTS;
