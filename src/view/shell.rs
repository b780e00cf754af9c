//! Functions for shells.

/// `wcd`, for bash.
pub const BASH: &str = r#"# Changes to a builder, or to a checkout in it: wcd BUILDER[/REPOSITORY]; without a name, to the workspace root.
wcd() {
  local directory
  directory="$(command wsctl -q path "$@" && printf /)" || return
  builtin cd -- "${directory%$'\n'/}"
}
_wcd() {
  local IFS=$'\n'
  COMPREPLY=($(compgen -W "$(command wsctl -q path --list 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}"))
}
complete -F _wcd wcd
"#;

/// `wcd`, for zsh.
pub const ZSH: &str = r#"# Changes to a builder, or to a checkout in it: wcd BUILDER[/REPOSITORY]; without a name, to the workspace root.
wcd() {
  local directory
  directory="$(command wsctl -q path "$@" && printf /)" || return
  builtin cd -- "${directory%$'\n'/}"
}
_wcd() {
  local -a names
  names=("${(@f)$(command wsctl -q path --list 2>/dev/null)}")
  compadd -a names
}
(( $+functions[compdef] )) && compdef _wcd wcd
"#;

/// `wcd`, for fish.
pub const FISH: &str = r#"# Changes to a builder, or to a checkout in it: wcd BUILDER[/REPOSITORY]; without a name, to the workspace root.
function wcd --description "Change to a builder, or to a checkout in it"
  set -l directory (command wsctl -q path $argv | string collect)
  test $pipestatus[1] -eq 0; and builtin cd -- $directory
end
complete --command wcd --no-files --arguments "(command wsctl -q path --list 2>/dev/null)"
"#;
