package main

import (
	"context"
	"flag"
	"slices"
	"strings"
)

func completionCommand() *command {
	return &command{
		name: "completion", args: "bash",
		does:  "Prints a script that completes commands and flags in a shell",
		more:  "For this session: source <(convtrackctl completion bash)",
		flags: func(*flag.FlagSet) action { return completion },
	}
}

const script = `_convtrackctl() {
  local current=${COMP_WORDS[COMP_CWORD]} words
  case "${COMP_WORDS[*]:1:COMP_CWORD-1}" in
@cases@  "") words='@words@' ;;
  *) words='' ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _convtrackctl convtrackctl
`

func completion(_ context.Context, p *program, args []string) error {
	if len(args) != 1 || args[0] != "bash" {
		return wrongUsage("the only shell that is known is bash")
	}
	var cases strings.Builder
	var first []string
	second := map[string][]string{}
	for _, c := range commands() {
		flags, _ := p.prepare(c)
		var names []string
		flags.VisitAll(func(f *flag.Flag) { names = append(names, "-"+f.Name) })
		cases.WriteString("  '" + c.name + "'*) words='" + strings.Join(names, " ") + "' ;;\n")
		words := strings.Fields(c.name)
		if !slices.Contains(first, words[0]) {
			first = append(first, words[0])
		}
		if len(words) > 1 {
			second[words[0]] = append(second[words[0]], words[1])
		}
	}
	for _, word := range first {
		if second[word] != nil {
			cases.WriteString("  " + word + "|'help " + word + "') words='" + strings.Join(second[word], " ") + "' ;;\n")
		}
	}
	cases.WriteString("  help) words='" + strings.Join(first, " ") + "' ;;\n")
	p.out.paragraph(strings.NewReplacer("@cases@", cases.String(), "@words@", strings.Join(append(first, "help"), " ")).Replace(script))
	return nil
}
