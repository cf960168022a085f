//! Address: the one id of a repository, `host/organisation/project/name`, from whatever names it.

use crate::Json;

/// The id of a repository of Azure DevOps, wherever an object names one.
pub(crate) fn ado_id(repository: Json<'_>) -> Option<String> {
    let url = ["remoteUrl", "webUrl", "url"].iter().find_map(|path| repository.at(path).word())?;
    let project = repository.at("project.name").word();
    match (project, repository.at("name").word()) {
        (Some(project), Some(name)) => Some(format!("{}/{project}/{name}", organisation(&url)?)),
        _ => repo_id(&url),
    }
}

/// `host/organisation` of an address; the older host names carry the organisation.
pub(crate) fn organisation(url: &str) -> Option<String> {
    let (host, path) = address(url)?;
    if let Some(name) = host.strip_suffix(".visualstudio.com") {
        return Some(format!("dev.azure.com/{name}"));
    }
    path.split('/').next().filter(|name| !name.is_empty()).map(|name| format!("{host}/{name}"))
}

/// The id of a repository from its address for people.
pub(crate) fn repo_id(url: &str) -> Option<String> {
    let organisation = organisation(url)?;
    let (host, path) = address(url)?;
    if let Some((project, name)) = path.split_once("_git/") {
        let name = name.split(['/', '?']).next()?;
        let project =
            project.trim_end_matches('/').rsplit('/').next().filter(|_| {
                project.matches('/').count() > 1 || host.ends_with(".visualstudio.com")
            });
        let project = project
            .filter(|project| !project.is_empty() && *project != "defaultcollection")
            .unwrap_or(name);
        return Some(format!("{organisation}/{project}/{name}"));
    }
    let name = path.split('/').nth(1)?.trim_end_matches(".git");
    (!host.ends_with("azure.com") && !name.is_empty()).then(|| format!("{organisation}/{name}"))
}

/// Host and path of an address, lower-case, the user part dropped.
fn address(url: &str) -> Option<(String, String)> {
    let url = url.to_lowercase().replace("%20", " ");
    let rest = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
    let (host, path) = rest.split_once('/')?;
    let host = host.rsplit('@').next()?;
    (!host.is_empty()).then(|| (host.to_owned(), path.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_both_hosts() {
        assert_eq!(
            repo_id("https://contoso.visualstudio.com/DefaultCollection/_git/Alm").as_deref(),
            Some("dev.azure.com/contoso/alm/alm")
        );
        assert_eq!(
            repo_id("https://dev.azure.com/contoso/_git/Alm").as_deref(),
            Some("dev.azure.com/contoso/alm/alm")
        );
        assert_eq!(
            repo_id("https://dev.azure.com/contoso/My%20Project/_git/Alm?version=x").as_deref(),
            Some("dev.azure.com/contoso/my project/alm")
        );
        assert_eq!(
            repo_id("https://github.com/Contoso/Alm.git").as_deref(),
            Some("github.com/contoso/alm")
        );
        assert_eq!(repo_id("https://dev.azure.com/contoso/project/_apis/git/repositories/1"), None);
        assert_eq!(repo_id("nowhere"), None);
    }
}
