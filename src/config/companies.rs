//! `[[companies]]`: the companies that differ from the rule.

use super::complaint::Mistake;
use super::firm;
use super::model::CompanyOverride;
use super::section::Section;
use super::sheet::{Place, Typed};
use crate::domain::path::TreePath;
use crate::domain::slug::Slug;

/// Reads `[[companies]]`.
pub(super) fn companies(top: &Section<'_>) -> Vec<CompanyOverride> {
    let mut companies: Vec<Typed<CompanyOverride>> = Vec::new();
    for section in top.sections("companies") {
        let Some(company) = company(section) else { continue };
        check_folder(top, &companies, &company);
        check_slug(top, &companies, &company);
        companies.push(company);
    }
    companies.into_iter().map(|typed| typed.value).collect()
}

fn company(section: Section<'_>) -> Option<Typed<CompanyOverride>> {
    section.require("folder", "name the company's folder: folder = \"Dupont Maçonnerie\"");
    let folder = section.parsed("folder", folder);
    let slug = section.parsed("slug", slug).map(|typed| typed.value);
    let name = section.parsed("name", firm::name).map(|typed| typed.value);
    let enabled = section.flag("enabled").unwrap_or(true);
    section.close();
    let Typed { value: folder, place } = folder?;
    Some(Typed { value: CompanyOverride { folder, slug, name, enabled }, place })
}

fn folder(text: &str) -> Result<TreePath, Mistake> {
    let mistake =
        |problem| Mistake::new(problem, "give the name of one folder directly below the root");
    let path: TreePath = text.parse().map_err(|error| mistake(format!("{error}")))?;
    if path.components().count() == 1 && !text.contains('/') {
        Ok(path)
    } else {
        Err(mistake(format!("`{text}` is not the name of one folder")))
    }
}

fn slug(text: &str) -> Result<Slug, Mistake> {
    Slug::parse(text).map_err(|error| {
        let made = Slug::from_name(text).map_or_else(|_| "dupont".to_owned(), String::from);
        Mistake::new(error.to_string(), format!("write one such as slug = \"{made}\""))
    })
}

fn check_folder(
    top: &Section<'_>,
    earlier: &[Typed<CompanyOverride>],
    company: &Typed<CompanyOverride>,
) {
    let folder = &company.value.folder;
    if let Some(same) = earlier.iter().find(|other| other.value.folder == *folder) {
        let problem =
            format!("the folder `{folder}` has an entry already, on line {}", same.place.line);
        top.sheet.complain(&company.place, Mistake::new(problem, "make one entry of the two"));
    }
}

fn check_slug(
    top: &Section<'_>,
    earlier: &[Typed<CompanyOverride>],
    company: &Typed<CompanyOverride>,
) {
    if !company.value.enabled {
        return;
    }
    let Ok(slug) = company.value.slug_of() else {
        let problem = format!("no slug can be made of `{}`", company.value.folder);
        let remedy = "give one: slug = \"dupont\"";
        return top.sheet.complain(&company.place, Mistake::new(problem, remedy));
    };
    let same = |other: &&Typed<CompanyOverride>| {
        other.value.enabled
            && other.value.folder != company.value.folder
            && other.value.slug_of().is_ok_and(|other| other == slug)
    };
    if let Some(other) = earlier.iter().find(same) {
        let Place { line, .. } = other.place;
        let problem =
            format!("`{slug}` is the slug of `{}` too, on line {line}", other.value.folder);
        let remedy = "give one of the two another slug: their addresses would be the same";
        top.sheet.complain(&company.place, Mistake::new(problem, remedy));
    }
}
