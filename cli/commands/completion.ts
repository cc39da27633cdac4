import type { Command } from '../command.ts';
import { argumentText } from '../input.ts';
import { UsageError } from '../output/error.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

export const completion: Command = {
  description:
    'Completes commands, options, and the names of your virtual machines, images and services.',
  arguments: [{ spelling: '<shell>', description: SHELLS.join(', '), completes: SHELLS }],
  examples: [
    { line: 'source <(banger completion bash)', shows: 'bash, in ~/.bashrc' },
    { line: 'source <(banger completion zsh)', shows: 'zsh, in ~/.zshrc after compinit' },
    { line: 'banger completion fish | source', shows: 'fish, in config.fish' },
  ],
  async run({ out }, input) {
    const named = argumentText(input, 0);
    const shell = SHELLS.find((known) => known === named);
    if (shell === undefined) {
      throw new UsageError(
        `there is no completion for "${named}", only for ${SHELLS.join(', ')}`,
        'banger completion',
      );
    }
    out.stdout.write(SCRIPTS[shell]);
    return 0;
  },
};

/** Each asks `banger complete -- WORDS` (the last word is the one being typed) and gets name, tab, description. */
const SCRIPTS: Readonly<Record<Shell, string>> = {
  bash: `_banger() {
  local line
  COMPREPLY=()
  while IFS=$'\\t' read -r line _; do COMPREPLY+=("$line"); done < <(
    "\${COMP_WORDS[0]}" complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null
  )
  if [ \${#COMPREPLY[@]} -eq 0 ]; then compopt -o default; fi
}
complete -F _banger banger
`,
  zsh: `_banger() {
  local -a found
  local name description
  while IFS=$'\\t' read -r name description; do
    found+=("\${name//:/\\\\:}:\${description}")
  done < <("\${words[1]}" complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( \${#found} )); then _describe banger found; else _files; fi
}
compdef _banger banger
`,
  fish: `function __banger_complete
  set -l tokens (commandline -opc) (commandline -ct)
  $tokens[1] complete -- $tokens[2..-1] 2>/dev/null
end
complete -c banger -f -a '(__banger_complete)'
`,
};
