//! `[[companies]]`: the companies that differ from the rule.

use std::collections::BTreeMap;

use super::collection;
use super::complaint::Mistake;
use super::firm;
use super::model::CompanyOverride;
use super::section::Section;
use super::sheet::Typed;
use crate::domain::path::TreePath;
use crate::domain::slug::Slug;

/// Where each folder and each slug was typed first.
#[derive(Default)]
struct Earlier {
    folders: BTreeMap<TreePath, usize>,
    slugs: BTreeMap<Slug, (TreePath, usize)>,
}

/// Reads `[[companies]]`.
pub(super) fn companies(top: &Section<'_>, ignore: &[String]) -> Vec<CompanyOverride> {
    let mut earlier = Earlier::default();
    let mut companies = Vec::new();
    for section in top.sections("companies") {
        let Some(company) = company(section, ignore) else { continue };
        if let Err(mistake) = earlier.add(&company) {
            top.sheet.complain(&company.place, mistake);
        }
        companies.push(company.value);
    }
    companies
}

fn company(section: Section<'_>, ignore: &[String]) -> Option<Typed<CompanyOverride>> {
    section.require("folder", "name the company's folder: folder = \"Dupont Maçonnerie\"");
    let folder = section.parsed("folder", folder);
    let slug = section.parsed("slug", slug).map(|typed| typed.value);
    let name = section.parsed("name", firm::name).map(|typed| typed.value);
    let enabled = section.flag("enabled").unwrap_or(true);
    let collection = collection::of_company(section.section("collection"), ignore);
    section.close();
    let Typed { value: folder, place } = folder?;
    Some(Typed { value: CompanyOverride { folder, slug, name, enabled, collection }, place })
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

impl Earlier {
    fn add(&mut self, company: &Typed<CompanyOverride>) -> Result<(), Mistake> {
        let Typed { value: company, place } = company;
        let folder = &company.folder;
        if let Some(line) = self.folders.insert(folder.clone(), place.line) {
            let problem = format!("the folder `{folder}` has an entry already, on line {line}");
            return Err(Mistake::new(problem, "make one entry of the two"));
        }
        if !company.enabled {
            return Ok(());
        }
        let slug = company.slug_of().map_err(|_| {
            let problem = format!("no slug can be made of `{folder}`");
            Mistake::new(problem, "give one: slug = \"dupont\"")
        })?;
        let here = (folder.clone(), place.line);
        if let Some((other, line)) = self.slugs.insert(slug.clone(), here) {
            let problem = format!("`{slug}` is the slug of `{other}` too, on line {line}");
            let remedy = "give one of the two another slug: their addresses would be the same";
            return Err(Mistake::new(problem, remedy));
        }
        Ok(())
    }
}
