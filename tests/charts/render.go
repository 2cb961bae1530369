// Renders a Helm chart as `helm template` does, from Debian packages alone, for the chart's tests: text/template with
// sprig, and what Helm adds to them. Run by test_chart.py in GOPATH mode; see there.
//
//	render -chart DIR [-values FILE]... [-release NAME] [-namespace NAME] [-kube-version vX.Y.Z] [-api-version G/V]...
//
// Prints the manifests in order of file name, each after a `# Source:` line, and NOTES.txt as comments. Anything that
// Helm would only show as an empty place ("<no value>") is an error here.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig"
	"gopkg.in/yaml.v3"
)

// Deeper nesting than this is a template that includes itself without end.
const includeDepthMax = 100

type texts []string

func (list *texts) String() string         { return strings.Join(*list, ",") }
func (list *texts) Set(value string) error { *list = append(*list, value); return nil }

type files map[string][]byte

func (f files) Get(name string) string { return string(f[name]) }

func (f files) Glob(pattern string) files {
	found := files{}
	for name, content := range f {
		if matched, err := filepath.Match(pattern, name); err == nil && matched {
			found[name] = content
		}
	}
	return found
}

type apiVersions map[string]bool

func (versions apiVersions) Has(version string) bool { return versions[version] }

type chart struct {
	metadata  map[string]interface{}
	values    map[string]interface{}
	schema    map[string]interface{}
	templates map[string]string
	files     files
}

func main() {
	var valueFiles, versions texts
	directory := flag.String("chart", "", "folder of the chart")
	release := flag.String("release", "troupe", "name of the release")
	namespace := flag.String("namespace", "troupe-system", "namespace of the release")
	kubeVersion := flag.String("kube-version", "v1.36.0", "version of Kubernetes to render for")
	flag.Var(&valueFiles, "values", "file whose values override the chart's; may be repeated")
	flag.Var(&versions, "api-version", "API version that the cluster serves; may be repeated")
	flag.Parse()
	text, err := render(*directory, valueFiles, *release, *namespace, *kubeVersion, versions)
	if err != nil {
		fmt.Fprintln(os.Stderr, "render:", err)
		os.Exit(1)
	}
	fmt.Print(text)
}

func render(directory string, valueFiles []string, release, namespace, kubeVersion string, versions []string) (string, error) {
	loaded, err := load(directory)
	if err != nil {
		return "", err
	}
	for _, name := range valueFiles {
		var values map[string]interface{}
		if err := readYaml(name, &values); err != nil {
			return "", err
		}
		merge(loaded.values, values)
	}
	if problems := checkSchema(loaded.schema, loaded.schema, loaded.values, "values"); len(problems) > 0 {
		return "", errors.New("values do not meet values.schema.json:\n  " + strings.Join(problems, "\n  "))
	}
	served := apiVersions{}
	for _, version := range versions {
		served[version] = true
	}
	root := map[string]interface{}{
		"Values":  loaded.values,
		"Chart":   capitalised(loaded.metadata),
		"Files":   loaded.files,
		"Release": map[string]interface{}{"Name": release, "Namespace": namespace, "Service": "Helm", "IsInstall": true, "IsUpgrade": false, "Revision": 1},
		"Capabilities": map[string]interface{}{
			"KubeVersion": map[string]interface{}{"Version": kubeVersion, "GitVersion": kubeVersion},
			"APIVersions": served,
		},
	}
	return execute(loaded.templates, root)
}

// load reads a chart's folder; everything outside templates/ that is not the chart's own is in .Files.
func load(directory string) (*chart, error) {
	loaded := &chart{templates: map[string]string{}, files: files{}}
	if err := readYaml(filepath.Join(directory, "Chart.yaml"), &loaded.metadata); err != nil {
		return nil, err
	}
	if err := readYaml(filepath.Join(directory, "values.yaml"), &loaded.values); err != nil {
		return nil, err
	}
	if err := readYaml(filepath.Join(directory, "values.schema.json"), &loaded.schema); err != nil {
		return nil, err
	}
	err := filepath.Walk(directory, func(path string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(directory, path)
		switch {
		case strings.HasPrefix(name, "templates/"):
			loaded.templates[name] = string(content)
		case name != "Chart.yaml" && name != "values.yaml" && name != "values.schema.json" && name != ".helmignore":
			loaded.files[name] = content
		}
		return nil
	})
	return loaded, err
}

func execute(templates map[string]string, root map[string]interface{}) (string, error) {
	set := template.New("chart").Option("missingkey=zero")
	depth := 0
	functions := sprig.TxtFuncMap()
	// Helm removes them: a chart must not read the environment of who installs it.
	delete(functions, "env")
	delete(functions, "expandenv")
	functions["include"] = func(name string, data interface{}) (string, error) {
		if depth++; depth > includeDepthMax {
			return "", fmt.Errorf("%q is included without end", name)
		}
		defer func() { depth-- }()
		var out bytes.Buffer
		err := set.ExecuteTemplate(&out, name, data)
		return out.String(), err
	}
	functions["tpl"] = func(text string, data interface{}) (string, error) {
		clone, err := set.Clone()
		if err != nil {
			return "", err
		}
		parsed, err := clone.New("tpl").Parse(text)
		if err != nil {
			return "", err
		}
		var out bytes.Buffer
		err = parsed.Execute(&out, data)
		return out.String(), err
	}
	functions["required"] = func(message string, value interface{}) (interface{}, error) {
		if value == nil || value == "" {
			return nil, errors.New(message)
		}
		return value, nil
	}
	functions["fail"] = func(message string) (string, error) { return "", errors.New(message) }
	functions["toYaml"] = toYaml
	functions["fromYaml"] = func(text string) (map[string]interface{}, error) {
		values := map[string]interface{}{}
		err := yaml.Unmarshal([]byte(text), &values)
		return values, err
	}
	functions["lookup"] = func(apiVersion, kind, namespace, name string) map[string]interface{} {
		return map[string]interface{}{} // What Helm answers when it has no cluster.
	}
	set.Funcs(functions)

	names := make([]string, 0, len(templates))
	for name, text := range templates {
		names = append(names, name)
		if _, err := set.New(name).Parse(text); err != nil {
			return "", err
		}
	}
	sort.Strings(names)
	var out strings.Builder
	for _, name := range names {
		if strings.HasPrefix(filepath.Base(name), "_") {
			continue
		}
		var text bytes.Buffer
		if err := set.ExecuteTemplate(&text, name, root); err != nil {
			return "", err
		}
		if strings.Contains(text.String(), "<no value>") {
			return "", fmt.Errorf("%s uses a value that does not exist:\n%s", name, text.String())
		}
		manifest := text.String()
		if strings.HasSuffix(name, ".txt") {
			manifest = "# " + strings.ReplaceAll(strings.TrimSpace(manifest), "\n", "\n# ")
		}
		if strings.TrimSpace(manifest) != "" {
			fmt.Fprintf(&out, "---\n# Source: %s\n%s\n", name, manifest)
		}
	}
	return out.String(), nil
}

func toYaml(value interface{}) (string, error) {
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	err := encoder.Encode(value)
	return strings.TrimSuffix(out.String(), "\n"), err
}

func readYaml(name string, into *map[string]interface{}) error {
	content, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if err := yaml.Unmarshal(content, into); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// merge lays `over` on `values` as Helm does: maps are merged, anything else is replaced, null removes.
func merge(values, over map[string]interface{}) {
	for key, value := range over {
		below, isMap := value.(map[string]interface{})
		present, wasMap := values[key].(map[string]interface{})
		switch {
		case value == nil:
			delete(values, key)
		case isMap && wasMap:
			merge(present, below)
		default:
			values[key] = value
		}
	}
}

// capitalised gives the fields of Chart.yaml the names that templates use.
func capitalised(metadata map[string]interface{}) map[string]interface{} {
	fields := map[string]interface{}{}
	for key, value := range metadata {
		fields[strings.ToUpper(key[:1])+key[1:]] = value
	}
	return fields
}
