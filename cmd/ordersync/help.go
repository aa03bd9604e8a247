package main

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ordersync/ordersync/cmd/internal/lang"
)

// chineseHelp has the words that cobra's help puts around ours.
var chineseHelp = strings.NewReplacer(
	"Usage:", "用法：", "Aliases:", "别名：", "Examples:", "示例：", "Available Commands:", "可用命令：", "Additional Commands:", "其他命令：",
	"Global Flags:", "全局选项：", "Flags:", "选项：", "Additional help topics:", "其他帮助主题：",
	`Use "{{.CommandPath}} [command] --help" for more information about a command.`, `用 "{{.CommandPath}} [command] --help" 查看某个命令的帮助。`,
)

// translate puts the help of all commands into a language, with the commands and flags that cobra
// would add by itself later.
func translate(root *cobra.Command, l lang.Lang) {
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	root.SetUsageTemplate(chineseHelp.Replace(root.UsageTemplate()))
	translateBelow(root, l)
}

func translateBelow(cmd *cobra.Command, l lang.Lang) {
	cmd.InitDefaultHelpFlag()
	cmd.InitDefaultVersionFlag()
	cmd.Short, cmd.Long, cmd.Example = l.Say(cmd.Short), l.Say(cmd.Long), l.Say(cmd.Example)
	say := func(f *pflag.Flag) { f.Usage = l.Say(f.Usage) }
	cmd.Flags().VisitAll(say)
	cmd.PersistentFlags().VisitAll(say)
	for _, below := range cmd.Commands() {
		translateBelow(below, l)
	}
}
