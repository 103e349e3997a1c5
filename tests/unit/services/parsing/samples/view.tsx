import * as React from "react";

type Props = { name: string };

export function Greeting({ name }: Props) {
  return <p className="greeting">Hello {name}</p>;
}

export const Page: React.FC<Props> = (props) => {
  const onClick = () => alert(props.name);
  return <Greeting {...props} onClick={onClick} />;
};
