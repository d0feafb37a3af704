package clientapp

import (
	"fmt"
	"io/fs"
	"path"
)

// The versions of Genesys's SDKs that the page was tested with.
const (
	ClientAppSDKVersion = "2.6.10"  // npm purecloud-client-app-sdk
	PlatformSDKVersion  = "262.0.0" // npm purecloud-platform-client-v2
)

// npmPackages are what npm installs to have them.
const npmPackages = "purecloud-client-app-sdk@" + ClientAppSDKVersion + " purecloud-platform-client-v2@" + PlatformSDKVersion

// SDKFiles are the two files that Config.SDK must hold, as
//
//	npm install purecloud-client-app-sdk@2.6.10 purecloud-platform-client-v2@262.0.0
//
// puts them below node_modules. Without Config.SDK the page loads them from
// Genesys's CDN, with the hashes of the npm packages as subresource integrity.
// That the CDN serves the same bytes, and lets other origins check them, could
// not be tried here.
func SDKFiles() []string {
	files := make([]string, len(scripts))
	for i, s := range scripts {
		files[i] = s.file
	}
	return files
}

// script is one of the SDKs.
type script struct{ file, cdn, integrity string }

var scripts = [...]script{
	{
		"purecloud-client-app-sdk/dist/purecloud-client-app-sdk.js",
		"https://sdk-cdn.mypurecloud.com/client-apps/" + ClientAppSDKVersion + "/purecloud-client-app-sdk-c3a00965.min.js",
		"sha384-GFfHxkw0ygUmXA3kE6nvKLjMJ+6iipywoCQ7xW3F/bq3F5MKOLtafM56hVpdPeTv",
	},
	{
		"purecloud-platform-client-v2/dist/web-cjs/purecloud-platform-client-v2.min.js",
		"https://sdk-cdn.mypurecloud.com/javascript/" + PlatformSDKVersion + "/purecloud-platform-client-v2.min.js",
		"sha384-hVnJsbunl46wJ8QpfOdsYICR0u1XS6bx9GYNc9s4wuskbdGHMFe74kd7QmgEPmHN",
	},
}

// sdk is where the page gets the SDKs from.
type sdk struct {
	files map[string]asset // by their name below sdk/; none: from the CDN
}

func openSDK(from fs.FS) (sdk, error) {
	if from == nil {
		return sdk{}, nil
	}
	files := map[string]asset{}
	for _, s := range scripts {
		content, err := fs.ReadFile(from, s.file)
		if err != nil {
			return sdk{}, fmt.Errorf("clientapp: Config.SDK is not a folder node_modules with Genesys's SDKs; npm install --prefix DIR %s makes DIR/node_modules: %w", npmPackages, err)
		}
		if files["sdk/"+path.Base(s.file)], err = newAsset(path.Base(s.file), content); err != nil {
			return sdk{}, err
		}
	}
	return sdk{files}, nil
}

// tag is what the page needs to know of a script.
type tag struct{ Source, Integrity string }

func (s sdk) tags() (tags []tag) {
	for _, one := range scripts {
		if s.files != nil {
			tags = append(tags, tag{Source: "sdk/" + path.Base(one.file)})
		} else {
			tags = append(tags, tag{one.cdn, one.integrity})
		}
	}
	return tags
}

// elsewhere are the scripts that are not served by this handler.
func (s sdk) elsewhere() (sources []string) {
	if s.files == nil {
		for _, one := range scripts {
			sources = append(sources, one.cdn)
		}
	}
	return sources
}
