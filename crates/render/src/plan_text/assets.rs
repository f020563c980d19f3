//! The assets of a plan: what is uploaded, and which images are built, before the first change, and how large it
//! is.

use rstack_model::plan::Plan;
use rstack_model::{Asset, AssetUpload, Image, ImageBuild, Packaging};

use crate::digests::short;
use crate::line::Line;
use crate::size::size;
use crate::style::{Detail, Role, View};
use crate::words::count;

/// A line for each asset that is uploaded; those that their buckets have are counted, or listed in a
/// full plan.
pub(super) fn lines(plan: &Plan, view: &View) -> Vec<Line> {
    let mut out = Vec::new();
    let mut present = 0;
    for asset in &plan.assets {
        match &asset.upload {
            Some(upload) => out.push(uploaded(asset, upload)),
            None if view.detail == Detail::Full => {
                out.push(Line::of(Role::Dim, "[ ]").with(Role::Plain, " ").then(names(asset)))
            }
            None => present += 1,
        }
    }
    for image in &plan.images {
        match &image.build {
            Some(build) => out.push(built(image, build)),
            None if view.detail == Detail::Full => {
                let line = Line::of(Role::Dim, "[ ]").with(Role::Plain, " ");
                out.push(line.then(names_of_image(image)));
            }
            None => present += 1,
        }
    }
    if present > 0 {
        let verb = if present == 1 { "is there" } else { "are there" };
        out.push(Line::of(Role::Dim, &format!("{} {verb} already", count(present, "asset"))));
    }
    out
}

/// `[+] cdk.out/asset.1f2e → s3://bucket/1f2e.zip  zip, 3 files, 12.4 KiB`.
fn uploaded(asset: &Asset, upload: &AssetUpload) -> Line {
    let bytes = size(upload.bytes);
    let facts = match asset.packaging {
        Packaging::File => bytes,
        Packaging::Zip => {
            let files = usize::try_from(upload.files).unwrap_or(usize::MAX);
            format!("zip, {}, {bytes}", count(files, "file"))
        }
    };
    let line = Line::of(Role::Create, "[+]").with(Role::Plain, " ").then(names(asset));
    line.with(Role::Dim, &format!("  {facts}"))
}

/// `[+] cdk.out/asset.1f2e → repository:tag  image, 3 files, 12.4 KiB  docker build --target prod`.
fn built(image: &Image, build: &ImageBuild) -> Line {
    let files = usize::try_from(build.files).unwrap_or(usize::MAX);
    let facts = format!("image, {}, {}", count(files, "file"), size(build.bytes));
    let line = Line::of(Role::Create, "[+]").with(Role::Plain, " ").then(names_of_image(image));
    let options = build.options.iter().map(|option| format!(" {option}")).collect::<String>();
    line.with(Role::Dim, &format!("  {facts}  docker build{options}"))
}

fn names_of_image(image: &Image) -> Line {
    Line::of(Role::Name, &short(&format!("{}/{}", image.assembly, image.source)))
        .with(Role::Dim, " → ")
        .with(Role::Plain, &short(&image.place.to_string()))
}

fn names(asset: &Asset) -> Line {
    Line::of(Role::Name, &short(&format!("{}/{}", asset.assembly, asset.source)))
        .with(Role::Dim, " → ")
        .with(Role::Plain, &short(&asset.place.to_string()))
}
