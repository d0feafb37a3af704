package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// result is what a user sees.
type result struct {
	code           int
	stdout, stderr string
}

func call(args ...string) result {
	var stdout, stderr bytes.Buffer
	code := run(args, "", &stdout, &stderr)
	return result{code, stdout.String(), stderr.String()}
}

// tree is all files below a folder.
func tree(t *testing.T, folder string) map[string]string {
	t.Helper()
	all := map[string]string{}
	require.NoError(t, fs.WalkDir(os.DirFS(folder), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(filepath.Join(folder, path))
		all[path] = string(content)
		return err
	}))
	return all
}

func TestWithoutFlagsTheFolderIsWrittenAndTheNextStepsAreSaid(t *testing.T) {
	t.Chdir(t.TempDir())
	r := call()
	require.Equal(t, exitWritten, r.code, r.stderr)
	require.Empty(t, r.stderr)
	for _, said := range []string{"genesys-setup: 30 files created, 0 changed", "+ genesys/dcm-report-update.custom.json", "made up: https://dcm.example.com",
		"assumed: the region us-east-1", "off: EventBridge (-aws-account)", "Read genesys-setup/README.md"} {
		require.Contains(t, r.stdout, said)
	}
	all := tree(t, "genesys-setup")
	require.Len(t, all, 30)
	require.Contains(t, all["README.md"], "https://dcm.example.com")
	require.Contains(t, all["permissions.md"], "directory:user:view", "the backend follows users, too")
	require.NotContains(t, all, "aws/main.tf")
}

func TestEachFlagHasItsEffect(t *testing.T) {
	for _, c := range []struct{ flag, file, text string }{
		{"-name=Case Desk", "README.md", "Case Desk client app"},
		{"-region=mypurecloud.jp", "README.md", "apps.mypurecloud.jp"},
		{"-base-url=https://cases.example.org/x", "genesys/dcm-report-update.custom.json", "https://cases.example.org/x/genesys/v1/updates"},
		{"-division=Sales", "genesys/flows/acw.yaml", `division: "Sales"`},
		{"-organization=0f0e0d0c-0000-4000-8000-000000000001", "aws/main.tf", "0f0e0d0c-0000-4000-8000-000000000001"},
		{"-quality=false", "permissions.md", "-quality:evaluation:view"},
		{"-users=false", "permissions.md", "-directory:user:view"},
		{"-launch-flows", "permissions.md", "architect:flow:launch"},
		{"-data-action=false", "README.md", "-custom-rest-actions"},
		{"-timeout=9", "genesys/data-action.tf", "config_timeout_seconds = 9"},
		{"-triggers=v2.quality.evaluations", "genesys/triggers.tf", "-user-end"},
		{"-triggers=none", "README.md", "-archy"},
		{"-ttl=60", "genesys/triggers/acw.json", `"eventTTLSeconds": 60`},
		{"-heartbeat", "genesys/flows/heartbeat.yaml", `lit: "heartbeat"`},
		{"-steps=false", "README.md", "-genesys/steps"},
		{"-aws-region=us-west-2", "aws/main.tf", `"us-west-2"`},
		{"-suffix=cases", "aws/main.tf", "/cases"},
		{"-topics=v2.quality.evaluations", "aws/main.tf", "-v2.detail"},
		{"-https", "aws/cloudformation.yaml", "AWS::Events::ApiDestination"},
		{"-widget=false", "genesys/client-app.tf", "-widget"},
		{"-standalone=false", "genesys/client-app.tf", "-standalone"},
		{"-groups=11111111-2222-4333-8444-555555555555", "genesys/integrations/client-app-widget.json", "11111111-2222"},
		{"-embedded-in=https://crm.example.com", "README.md", "https://crm.example.com"},
	} {
		out := t.TempDir()
		r := call("-out", out, "-aws-account", "123456789012", c.flag)
		require.Equal(t, exitWritten, r.code, r.stderr)
		all := tree(t, out)
		require.Contains(t, all, c.file, c.flag)
		if absent, is := strings.CutPrefix(c.text, "-"); is {
			require.NotContains(t, all[c.file], absent, c.flag)
		} else {
			require.Contains(t, all[c.file], c.text, c.flag)
		}
	}
	out := t.TempDir()
	require.Equal(t, exitWritten, call("-out", out, "-aws-account", "123456789012", "-https", "-queue=false").code)
	require.NotContains(t, tree(t, out), "aws/queue.tf")
}

func TestTheRegionOfTheEnvironmentIsTheDefault(t *testing.T) {
	out := t.TempDir()
	var stdout bytes.Buffer
	require.Equal(t, exitWritten, run([]string{"-out", out, "-aws-account", "123456789012"}, "eu_central_1", &stdout, &stdout))
	require.NotContains(t, stdout.String(), "assumed")
	require.Contains(t, tree(t, out)["README.md"], "mypurecloud.de")
	require.Contains(t, tree(t, out)["aws/main.tf"], `"eu-central-1"`)
}

func TestWrongUsageIsExplainedInFlagsAndWritesNothing(t *testing.T) {
	for _, c := range []struct {
		args []string
		said string
	}{
		{[]string{"-nonsense"}, "-nonsense"},
		{[]string{"here"}, `"here" is no flag`},
		{[]string{"-timeout", "soon"}, "-timeout"},
		{[]string{"-timeout", "0"}, "-timeout: use"},
		{[]string{"-timeout", "60"}, "-timeout: use 1 to 10"},
		{[]string{"-ttl", "0"}, "-ttl: use"},
		{[]string{"-region", "mars"}, "-region:"},
		{[]string{"-base-url", "http://dcm.example.com"}, "-base-url: use an https URL"},
		{[]string{"-base-url", "https://me:cAnArY@dcm.example.com"}, "-base-url: leave out user"},
		{[]string{"-aws-account", "12"}, "-aws-account: use the twelve digits"},
		{[]string{"-aws-account", "123456789012", "-queue=false"}, "-queue or -https: say where"},
		{[]string{"-region", "new1.pure.cloud", "-aws-account", "123456789012"}, "-aws-region: use the name"},
		{[]string{"-https"}, "-https has no effect: -aws-account is not given"},
		{[]string{"-data-action=false", "-triggers", "none"}, "-triggers has no effect: -data-action is off"},
		{[]string{"-widget=false", "-standalone=false", "-groups", "x"}, "-groups has no effect"},
		{[]string{"-triggers", "v2.users.{id}.presence"}, "-triggers: "},
		{[]string{"-groups", "Agents"}, "-groups: use the ids"},
		{[]string{"-embedded-in", "crm"}, "-embedded-in: use origins"},
		{[]string{"-name", "../up", "-division", "\n"}, "-name: use"},
	} {
		out := filepath.Join(t.TempDir(), "out")
		r := call(append([]string{"-out", out}, c.args...)...)
		require.Equal(t, exitUsage, r.code, "%v", c.args)
		require.Empty(t, r.stdout)
		require.Contains(t, r.stderr, c.said)
		require.Contains(t, r.stderr, "-help")
		require.NotContains(t, r.stderr, "cAnArY")
		require.NoDirExists(t, out)
	}
	r := call("-help")
	require.Equal(t, exitWritten, r.code)
	require.Contains(t, r.stderr, "Usage: setup")
	require.Contains(t, r.stderr, "-aws-account digits")
}

func TestAFolderThatCannotBeWrittenIsAnErrorWithAWayOut(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, []byte("mine"), 0o600))
	for _, out := range []string{file, filepath.Join(file, "below"), ""} {
		r := call("-out", out)
		require.Equal(t, exitFailed, r.code, out)
		require.Contains(t, r.stderr, "setup: cannot write to ")
		require.Contains(t, r.stderr, "choose another folder with -out")
	}
	taken := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(taken, "genesys"), []byte("mine"), 0o600))
	r := call("-out", taken)
	require.Equal(t, exitFailed, r.code)
	require.Contains(t, r.stderr, "genesys/")
	require.Equal(t, "mine", tree(t, taken)["genesys"])
}

func TestARunOverItsOwnFolderRenewsIt(t *testing.T) {
	out := t.TempDir()
	require.Equal(t, exitWritten, call("-out", out, "-aws-account", "123456789012").code)
	before := tree(t, out)
	r := call("-out", out, "-aws-account", "123456789012")
	require.Equal(t, exitWritten, r.code, r.stderr)
	require.Contains(t, r.stdout, "0 files created, 0 changed, 35 unchanged, 0 removed")
	require.Equal(t, before, tree(t, out))

	r = call("-out", out, "-name", "Other")
	require.Equal(t, exitWritten, r.code, r.stderr)
	require.Contains(t, r.stdout, "5 removed\n")
	require.Contains(t, r.stdout, "- aws/main.tf\n")
	fresh := t.TempDir()
	require.Equal(t, exitWritten, call("-out", fresh, "-name", "Other").code)
	require.Equal(t, tree(t, fresh), tree(t, out))
	require.NoDirExists(t, filepath.Join(out, "aws"))
}

func TestFilesOfOthersAreNotOverwrittenWithoutForce(t *testing.T) {
	for name, prepare := range map[string]func(string) error{
		"a file of another": func(out string) error { return os.WriteFile(filepath.Join(out, "README.md"), []byte("mine"), 0o600) },
		"a list of digests of another": func(out string) error {
			return os.WriteFile(filepath.Join(out, "SHA256SUMS"), []byte("00  README.md\n"), 0o600)
		},
		"a file that somebody changed": func(out string) error {
			_ = call("-out", out)
			return os.WriteFile(filepath.Join(out, "README.md"), []byte("mine"), 0o600)
		},
	} {
		out := t.TempDir()
		require.NoError(t, prepare(out))
		before := tree(t, out)
		r := call("-out", out, "-name", "Other")
		require.Equal(t, exitFailed, r.code, name)
		require.Contains(t, r.stderr, "nothing was written")
		require.Contains(t, r.stderr, "-force")
		require.Equal(t, before, tree(t, out), name)

		r = call("-out", out, "-name", "Other", "-force")
		require.Equal(t, exitWritten, r.code, name, r.stderr)
		require.Contains(t, r.stdout, "  ! ", name)
		fresh := t.TempDir()
		_ = call("-out", fresh, "-name", "Other")
		require.Equal(t, tree(t, fresh), tree(t, out), name)
	}
}

func TestAChangedFileThatIsNotNeededIsKeptAndNamed(t *testing.T) {
	out := t.TempDir()
	require.Equal(t, exitWritten, call("-out", out, "-aws-account", "123456789012").code)
	require.NoError(t, os.WriteFile(filepath.Join(out, "aws", "queue.tf"), []byte("mine"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(out, "terraform.tfstate"), []byte("state"), 0o600))
	r := call("-out", out)
	require.Equal(t, exitWritten, r.code, r.stderr)
	require.Contains(t, r.stdout, "aws/queue.tf is not needed any more, but somebody changed it")
	all := tree(t, out)
	require.Equal(t, "mine", all["aws/queue.tf"])
	require.Equal(t, "state", all["terraform.tfstate"])
	require.NotContains(t, all, "aws/main.tf")
}

func TestNothingOutsideTheFolderIsTouched(t *testing.T) {
	elsewhere, out := t.TempDir(), t.TempDir()
	victim := filepath.Join(elsewhere, "victim")
	require.NoError(t, os.WriteFile(victim, []byte("mine"), 0o600))
	require.NoError(t, os.Symlink(elsewhere, filepath.Join(out, "genesys")))
	r := call("-out", out, "-force")
	require.Equal(t, exitFailed, r.code)
	require.Equal(t, map[string]string{"victim": "mine"}, tree(t, elsewhere))

	out = t.TempDir()
	require.Equal(t, exitWritten, call("-out", out).code)
	list := filepath.Join(out, "SHA256SUMS")
	content, err := os.ReadFile(list)
	require.NoError(t, err)
	relative, err := filepath.Rel(out, victim)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(list, append(content, []byte(digest([]byte("mine"))+"  "+filepath.ToSlash(relative)+"\n")...), 0o600))
	require.Equal(t, exitWritten, call("-out", out, "-name", "Other").code)
	require.Equal(t, map[string]string{"victim": "mine"}, tree(t, elsewhere))
}
